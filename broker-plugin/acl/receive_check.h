#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker-plugin/acl/access.h"

namespace parley::plugin {

// MayReceive() of one view, for the questions of deliveries: each copy of a message asks about the same
// topic. What a room's topic stands for is found once, and kept until the view changes. Broker thread only.
class ReceiveCheck {
 public:
  // `view` is borrowed.
  explicit ReceiveCheck(const domain::Directory& view) : view_(view) {}

  Decision operator()(const Identity& who, std::string_view topic);

 private:
  // A topic that a room's readers receive. Neither a room nor a direct one: free.
  struct Known {
    const domain::Room* room = nullptr;
    std::string direct{};  // name of a direct room, which need not be in the view
    uint64_t version = 0;  // of the view
    std::string topic{};
    bool Is(std::string_view asked, uint64_t now) const {
      return (room != nullptr || !direct.empty()) && version == now && topic == asked;
    }
  };
  // Of a room's topic: what it stands for, unless that is no room at all.
  void Learn(Known& known, std::string_view topic) const;
  // Few rooms are talked in at the same time; of two at one place, the later one stays.
  static constexpr size_t kKnown = 256;

  const domain::Directory& view_;
  std::array<Known, kKnown> known_;
};

}  // namespace parley::plugin
