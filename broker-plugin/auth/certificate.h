#pragma once

#include <string>

namespace parley::plugin {

// The common name of an X.509 certificate's subject, as Mosquitto's use_identity_as_username takes it: the
// first one, empty when there is none or it holds a NUL. `x509`: OpenSSL's X509*, not taken over.
std::string CommonNameOf(void* x509);

// Frees what mosquitto_client_certificate() returned.
void FreeCertificate(void* x509);

}  // namespace parley::plugin
