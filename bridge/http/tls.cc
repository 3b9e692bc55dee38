#include "bridge/http/tls.h"

#include <openssl/ssl.h>

namespace parley::bridge {
namespace {

namespace ssl = boost::asio::ssl;

Error Bad(const std::string& option, const std::string& path, const std::string& why) {
  return {Code::INVALID_ARGUMENT, option + " " + path + ": " + why};
}

}  // namespace

Result<std::unique_ptr<ssl::context>> MakeTlsContext(const std::string& certificate_path,
                                                     const std::string& key_path) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  // A key that wants a passphrase must fail, not ask at a terminal.
  context->set_password_callback([](size_t, ssl::context::password_purpose) { return std::string(); });
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_path, error);
  if (error) return Bad("--http-tls-cert", certificate_path, "no certificate in PEM can be read there");
  context->use_private_key_file(key_path, ssl::context::pem, error);
  if (error && ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH)
    return Bad("--http-tls-key", key_path, "is not the key of " + certificate_path);
  if (error) return Bad("--http-tls-key", key_path, "no key in PEM without a passphrase can be read there");
  return context;
}

}  // namespace parley::bridge
