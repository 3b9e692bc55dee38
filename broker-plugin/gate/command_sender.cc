#include "broker-plugin/gate/command_sender.h"

#include <utility>

namespace parley::plugin {

domain::Command CommandSender::New(const std::string& user, const std::string& client) const {
  domain::Command command;
  Stamp(command, user, client);
  return command;
}

void CommandSender::Stamp(domain::Command& command, const std::string& user,
                          const std::string& client) const {
  command.set_wall_ms(LogClock::WallMs());
  command.set_log_time_ms(clock_.LogMs());
  command.mutable_origin()->set_user(user);
  command.mutable_origin()->set_client(client);
}

Status CommandSender::Submit(domain::Command command, Done done) {
  command.mutable_origin()->set_token(next_token_);
  const Result<LogIndex> appended = log_.Append(command);
  if (!appended) return appended.error();
  waiting_[next_token_++] = std::move(done);
  return {};
}

void CommandSender::OnApplied(const domain::Applied& applied) {
  const auto waiting = waiting_.find(applied.origin.token());
  if (waiting == waiting_.end()) return;
  const Done done = std::move(waiting->second);
  waiting_.erase(waiting);
  done(applied);
}

}  // namespace parley::plugin
