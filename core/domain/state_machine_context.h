#pragma once

#include <string>
#include <utility>

#include "core/domain/state_machine.h"

namespace parley::domain {

// What the parts of StateMachine share while one command is applied. Of state_machine*.cc only.
struct StateMachine::Context {
  LogIndex index;
  const Command& command;
  const Known& known;
  Applied applied;

  const std::string& actor() const { return command.origin().user(); }
  bool as_member() const { return command.origin().as_member(); }
  void Refuse(Code code, std::string reason) {
    applied.code = code;
    applied.reason = std::move(reason);
  }
  void Refuse(const Error& error) { Refuse(error.code, error.reason); }
};

inline v1::MembershipChange ChangeOf(const std::string& user, v1::MembershipChange::Change what, Role role,
                                     const std::string& by) {
  v1::MembershipChange change;
  change.set_user(user);
  change.set_change(what);
  change.set_role(role);
  change.set_by(by);
  return change;
}

// A role that can be given.
inline bool IsRole(Role role) {
  return v1::Member::Role_IsValid(role) && role != v1::Member::UNSPECIFIED;
}

// True while a membership is one: neither former nor banned.
inline bool IsMember(const Membership* membership) {
  return membership != nullptr && membership->role != v1::Member::UNSPECIFIED &&
         membership->role != v1::Member::BANNED;
}

}  // namespace parley::domain
