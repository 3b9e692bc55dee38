#include "bridge/presence/presence_feed.h"

#include <optional>
#include <string>
#include <utility>

#include "parley/v1/message.pb.h"

namespace parley::bridge {
namespace {

// Nothing for a message: only memberships and rooms matter.
Result<std::optional<MembershipNews>> NewsOf(const store::FeedItem& item, const FeedContext& context) {
  MembershipNews news;
  news.rid = Rid{item.first};
  const Result<std::optional<store::StoredEvent>> stored = context.view.EventAt(news.rid, Seq{item.second});
  if (!stored) return stored.error();
  if (!*stored) return std::optional(std::move(news));  // freed: the room may be no more
  // The first message makes a direct room.
  const bool first = item.second == 1;
  if ((*stored)->own_ordinal != 0 && !first) return std::optional<MembershipNews>();
  v1::Event event;
  if (!event.ParseFromString((*stored)->bytes)) return Error{Code::INVALID_ARGUMENT, "the event is damaged"};
  news.room = event.room();
  if (first && IsDirect(event.room())) {
    const DirectPair pair = DirectUsers(event.room());
    news.users = {std::string(pair.a), std::string(pair.b)};
    return std::optional(std::move(news));
  }
  for (const v1::MembershipChange& change : event.membership().changes()) news.users.push_back(change.user());
  if (news.users.empty() && !event.room_change().deleted()) return std::optional<MembershipNews>();
  return std::optional(std::move(news));
}

}  // namespace

Handled PresenceFeed::Handle(const store::FeedEntry& entry, const FeedContext& context, FeedEffects&) {
  for (const store::FeedItem& item : entry.items) {
    // Of messages only the first one matters: it makes a direct room.
    const bool first_message = item.kind == store::FeedItem::Kind::kMessage && item.second == 1;
    if (item.kind != store::FeedItem::Kind::kEvent && !first_message) continue;
    Result<std::optional<MembershipNews>> news = NewsOf(item, context);
    if (!news && news.error().code == Code::INVALID_ARGUMENT) return Handled::Poison(news.error().reason);
    if (!news) return Handled::TryAgain(news.error().reason);
    if (!*news) continue;
    (*news)->index = entry.index;
    presence_.OnNews(**std::move(news));
  }
  return Handled::Done();
}

}  // namespace parley::bridge
