#include "broker-plugin/gate/body_hash.h"

#include <sodium.h>

namespace parley::plugin {

std::string BodyHash(const v1::Draft& draft) {
  v1::Draft body = draft;
  body.clear_id();
  const std::string bytes = body.SerializeAsString();
  std::string hash(crypto_generichash_BYTES_MIN, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
  return hash;
}

}  // namespace parley::plugin
