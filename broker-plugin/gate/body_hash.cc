#include "broker-plugin/gate/body_hash.h"

#include <sodium.h>

namespace parley::plugin {

std::string BodyHash(v1::Draft& draft) {
  std::string id;
  id.swap(*draft.mutable_id());  // an empty field is not written
  const std::string bytes = draft.SerializeAsString();
  id.swap(*draft.mutable_id());
  std::string hash(crypto_generichash_BYTES_MIN, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
  return hash;
}

}  // namespace parley::plugin
