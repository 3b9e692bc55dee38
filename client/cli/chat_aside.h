#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "parley/v1/message.pb.h"

namespace parley::client {

// What `parley chat` says besides messages: who has read how far and who is typing; and how far the user has
// got, for the server. Pure; time is passed in.
class ChatAside {
 public:
  explicit ChatAside(std::string user) : user_(std::move(user)) {}

  // The line to show; nothing for what is one's own or says nothing new.
  std::optional<std::string> OnReceipt(const v1::Receipt& receipt);
  std::optional<std::string> OnSignal(const v1::Signal& signal);

  // An event is on the screen.
  void OnShown(const v1::Event& event);
  // What was said last may have been lost.
  void OnReconnected() { said_ = 0; }
  // What the server is to be told now: at most twice a second, or all that is left with `at_once`.
  std::optional<v1::Cursor> CursorToSay(int64_t now_ms, bool at_once);

 private:
  const std::string user_;
  uint64_t shown_ = 0;  // the highest seq on the screen
  uint64_t said_ = 0;
  int64_t said_ms_ = 0;
  std::map<std::string, uint64_t> read_by_;  // user → seq
  std::set<std::string> typing_;             // client ids
};

}  // namespace parley::client
