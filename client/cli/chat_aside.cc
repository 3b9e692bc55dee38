#include "client/cli/chat_aside.h"

#include <algorithm>

#include "client/cli/render.h"

namespace parley::client {
namespace {

constexpr int64_t kSayEveryMs = 500;

}  // namespace

std::optional<std::string> ChatAside::OnReceipt(const v1::Receipt& receipt) {
  if (receipt.user() == user_) return std::nullopt;
  if (!receipt.counts_only()) {
    uint64_t& known = read_by_[receipt.user()];
    if (receipt.read() <= known) return std::nullopt;  // only more was delivered
    known = receipt.read();
  }
  return RenderReceipt(receipt);
}

std::optional<std::string> ChatAside::OnSignal(const v1::Signal& signal) {
  if (signal.sender() == user_) return std::nullopt;
  if (signal.kind() == v1::Signal::TYPING_STOP) {
    typing_.erase(signal.client());
    return std::nullopt;
  }
  const bool typing = signal.kind() == v1::Signal::TYPING_START;
  if (typing && !typing_.insert(signal.client()).second) return std::nullopt;  // goes on
  return RenderSignal(signal);
}

void ChatAside::OnShown(const v1::Event& event) {
  shown_ = std::max(shown_, event.seq());
}

std::optional<v1::Cursor> ChatAside::CursorToSay(int64_t now_ms, bool at_once) {
  if (shown_ <= said_ || (!at_once && now_ms < said_ms_ + kSayEveryMs)) return std::nullopt;
  said_ = shown_;
  said_ms_ = now_ms;
  v1::Cursor cursor;
  cursor.set_read(shown_);
  cursor.set_delivered(shown_);
  return cursor;
}

}  // namespace parley::client
