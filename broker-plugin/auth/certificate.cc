#include "broker-plugin/auth/certificate.h"

#include <openssl/x509.h>

namespace parley::plugin {

std::string CommonNameOf(void* x509) {
  if (x509 == nullptr) return {};
  const X509_NAME* subject = X509_get_subject_name(static_cast<X509*>(x509));
  if (subject == nullptr) return {};
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place));
  if (text == nullptr) return {};
  std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                   static_cast<size_t>(ASN1_STRING_length(text)));
  return name.find('\0') == std::string::npos ? name : std::string();
}

void FreeCertificate(void* x509) {
  X509_free(static_cast<X509*>(x509));
}

}  // namespace parley::plugin
