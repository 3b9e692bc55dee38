#include "bridge/outbound/address_policy.h"

#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "schemas/json.h"
#include "schemas/limits.h"

namespace parley::bridge {
namespace {

using Bytes = std::array<unsigned char, 16>;

constexpr Bytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

bool Begins(const unsigned char* bytes, const unsigned char* network, int bits) {
  const int whole = bits / 8;
  if (std::memcmp(bytes, network, static_cast<size_t>(whole)) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - rest));
  return ((bytes[whole] ^ network[whole]) & mask) == 0;
}

struct Special {
  std::array<unsigned char, 4> network;
  int bits;
};

// IPv4 addresses that are not anybody's on the internet (IANA's registry of special addresses, RFC 6890).
constexpr Special kSpecial4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

struct Network6 {
  std::array<unsigned char, 4> begins;
  int bits;
};

// Of IPv6 only 2000::/3 is assigned to anybody; within it these are not, or carry an IPv4 address that would
// have to be looked at (6to4, Teredo).
constexpr Network6 kGlobal6 = {{0x20, 0, 0, 0}, 3};
constexpr Network6 kSpecial6[] = {{{0x20, 0x01, 0x00, 0x00}, 23},
                                  {{0x20, 0x01, 0x0d, 0xb8}, 32},
                                  {{0x20, 0x02, 0, 0}, 16},
                                  {{0x3f, 0xff, 0, 0}, 20}};

std::optional<Bytes> BytesOf(const sockaddr& address) {
  Bytes bytes = kMapped;
  if (address.sa_family == AF_INET) {
    std::memcpy(bytes.data() + 12, &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr, 4);
    return bytes;
  }
  if (address.sa_family == AF_INET6) {
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr, 16);
    return bytes;
  }
  return std::nullopt;
}

bool IsPublic(const Bytes& bytes) {
  if (Begins(bytes.data(), kMapped.data(), kMappedBits)) {
    for (const Special& special : kSpecial4) {
      if (Begins(bytes.data() + 12, special.network.data(), special.bits)) return false;
    }
    return true;
  }
  if (!Begins(bytes.data(), kGlobal6.begins.data(), kGlobal6.bits)) return false;
  for (const Network6& special : kSpecial6) {
    if (Begins(bytes.data(), special.begins.data(), special.bits)) return false;
  }
  return true;
}

// The bytes of a literal address and how many bits of them an address of its family has.
std::optional<std::pair<Bytes, int>> Literal(const std::string& text) {
  Bytes bytes = kMapped;
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return std::pair(bytes, 32);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return std::pair(bytes, 128);
  return std::nullopt;
}

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

Result<AddressPolicy> AddressPolicy::Allowing(const std::vector<std::string>& allowed) {
  AddressPolicy policy;
  for (const std::string& text : allowed) {
    const size_t slash = text.find('/');
    const auto literal = Literal(text.substr(0, slash));
    int bits = literal ? literal->second : 0;
    bool good = literal.has_value();
    if (good && slash != std::string::npos) {
      const char* end = text.data() + text.size();
      const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, bits);
      good = error == std::errc() && rest == end && bits >= 0 && bits <= literal->second;
    }
    if (!good) {
      return Error{Code::INVALID_ARGUMENT,
                   Printable(text, 80) +
                       " is no network: write an IP address, or one with the length of "
                       "its prefix, such as 10.1.0.0/16"};
    }
    if (literal->second == 32) bits += kMappedBits;
    policy.networks_.push_back({std::string(literal->first.begin(), literal->first.end()), bits});
  }
  return policy;
}

bool AddressPolicy::AllowsPlain(const sockaddr& address) const {
  const std::optional<Bytes> bytes = BytesOf(address);
  if (!bytes) return false;
  for (const Network& network : networks_) {
    if (Begins(bytes->data(), reinterpret_cast<const unsigned char*>(network.bytes.data()),
               network.prefix_bits))
      return true;
  }
  return false;
}

bool AddressPolicy::Allows(const sockaddr& address) const {
  if (AllowsPlain(address)) return true;
  const std::optional<Bytes> bytes = BytesOf(address);
  return bytes && IsPublic(*bytes);
}

Status AddressPolicy::CheckUrl(std::string_view url) const {
  if (url.size() > parley::limits::kUrlBytesMax) {
    return Error{Code::INVALID_ARGUMENT,
                 "the URL is longer than " + std::to_string(parley::limits::kUrlBytesMax) + " bytes"};
  }
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (url.find('\0') != std::string_view::npos ||
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) {
    return Error{Code::INVALID_ARGUMENT, "this is no URL: " + Printable(url, 80)};
  }
  const std::string scheme = PartOf(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http")
    return Error{Code::INVALID_ARGUMENT, "the URL does not begin with https://"};
  if (scheme == "http" && !allows_http())
    return Error{Code::PERMISSION_DENIED, "only https:// is called, unless the operator allows networks"};
  if (!PartOf(parsed.get(), CURLUPART_USER).empty() || !PartOf(parsed.get(), CURLUPART_PASSWORD).empty())
    return Error{Code::INVALID_ARGUMENT, "the URL holds a user's name or password"};
  std::string host = PartOf(parsed.get(), CURLUPART_HOST);
  if (host.empty()) return Error{Code::INVALID_ARGUMENT, "the URL has no host"};
  if (!PartOf(parsed.get(), CURLUPART_ZONEID).empty())
    return Error{Code::PERMISSION_DENIED, "the URL's address is of one network interface"};
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto literal = Literal(host);
  if (!literal) return {};
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  std::memcpy(&address.sin6_addr, literal->first.data(), 16);
  const auto& plain = reinterpret_cast<const sockaddr&>(address);
  if (scheme == "http" ? AllowsPlain(plain) : Allows(plain)) return {};
  return Error{Code::PERMISSION_DENIED, host + " is an address that must not be called"};
}

}  // namespace parley::bridge
