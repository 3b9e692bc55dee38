// Cursors that were acknowledged, and held to be merged, when an earlier process ended.

#include "broker-plugin/app/chat_plugin.h"

namespace parley::plugin {
namespace {

constexpr std::chrono::seconds kRoomInJournal{30};

}  // namespace

Status ChatPlugin::AppendLeftCursors(const std::vector<std::string>& records) {
  if (records.empty()) return {};
  LogIndex last = delivery_.committed();
  for (const std::string& record : records) {
    domain::Command command;
    if (!command.ParseFromString(record)) {
      return Error{Code::INTERNAL, "a cursor in " + options_.journal_folder +
                                       "/held cannot be read: start the Parley that wrote it, or, to go on "
                                       "without what it holds, remove it"};
    }
    const internal::v1::Origin origin = command.origin();
    commands_.Stamp(command, origin.user(), origin.client());
    Result<LogIndex> appended = commands_.Append(command);
    if (!appended) {  // one user's share, or the journal, is full
      log_->Seal();
      if (delivery_.DrainUntil(last, kRoomInJournal)) appended = commands_.Append(command);
    }
    if (!appended) return std::move(appended).error().Within("append the cursors that were held");
    last = *appended;
  }
  held_->Clear();  // the journal has them now
  log_->Seal();
  broker_.Log(Broker::Level::kNotice, "recovered " + std::to_string(records.size()) + " held cursors");
  return {};
}

}  // namespace parley::plugin
