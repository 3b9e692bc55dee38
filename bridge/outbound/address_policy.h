#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/result.h"

struct sockaddr;

namespace parley::bridge {

// Which addresses the bridge may call for others (threat 20). A value; any thread.
class AddressPolicy {
 public:
  // Nothing private, loopback, link-local, multicast or otherwise special; https only.
  AddressPolicy() = default;

  // `allowed`: networks that may be called all the same, by http, too: "127.0.0.0/8", "10.1.2.3", "fd00::/8".
  // INVALID_ARGUMENT names the one that is wrong.
  static Result<AddressPolicy> Allowing(const std::vector<std::string>& allowed);

  // The address itself, IPv4 in IPv6 unwrapped.
  bool Allows(const sockaddr& address) const;
  // By http, without TLS: only what the operator allows.
  bool AllowsPlain(const sockaddr& address) const;
  bool allows_http() const { return !networks_.empty(); }

  // Before anything is resolved: scheme, host, no user info, at most parley::limits::kUrlBytesMax; a literal
  // address is checked at once. INVALID_ARGUMENT or PERMISSION_DENIED in one line.
  Status CheckUrl(std::string_view url) const;

 private:
  struct Network {
    std::string bytes;  // 16: IPv6, or IPv4 in it
    int prefix_bits = 0;
  };
  std::vector<Network> networks_;
};

}  // namespace parley::bridge
