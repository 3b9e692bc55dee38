#include "broker-plugin/acl/explain.h"

#include "core/domain/permissions.h"
#include "schemas/json.h"
#include "schemas/topic.h"

namespace parley::plugin {
namespace {

using Kind = Question::Kind;

std::string Quoted(std::string_view text) {
  return Printable(text, 200);
}

// The room of a chat topic or filter; empty when it names none.
std::string RoomOf(std::string_view topic) {
  constexpr std::string_view kRooms = "chat/v1/rooms/";
  if (topic.substr(0, kRooms.size()) != kRooms) return {};
  topic.remove_prefix(kRooms.size());
  return std::string(topic.substr(0, topic.find('/')));
}

std::string AskedRule(const Question& question) {
  return std::string("a rule (addRoleAcl or addUserAcl) of acltype ") +
         (question.kind == Kind::kPublish ? "publish" : "subscribe") + " that allows " +
         Quoted(question.topic);
}

std::string NameOf(const domain::RuleHit& hit) {
  const domain::AclRule& rule = *hit.rule;
  return std::string(rule.allow() ? "allow " : "deny ") +
         (rule.type() == domain::AclRule::PUBLISH ? "publish " : "subscribe ") + Quoted(rule.topic()) +
         " (priority " + std::to_string(rule.priority()) + ") of " +
         (hit.role.empty() ? "the user alone" : "role " + std::string(hit.role));
}

// What a member may do in a room is not the broker's question but the sequencer's: the same functions.
Status RightToSpeak(const domain::Directory& view, std::string_view room, std::string_view user, bool send) {
  if (const Result<RoomId> parsed = ParseRoomId(room); !parsed) return parsed.error();
  if (IsDirect(room)) {
    if (!domain::IsDirectMember(room, user)) {
      return Error{Code::PERMISSION_DENIED, std::string(user) + " is not a member of " + std::string(room)};
    }
    const DirectPair pair = DirectUsers(room);
    for (const std::string_view other : {pair.a, pair.b}) {
      if (view.FindUser(other) == nullptr) return Error{Code::NOT_FOUND, "no user " + std::string(other)};
    }
    return {};
  }
  const domain::Room* found = view.FindRoom(room);
  if (found == nullptr) return Error{Code::NOT_FOUND, "no room " + std::string(room)};
  const domain::Membership* membership = view.FindMembership(room, user);
  const domain::Role role = membership == nullptr ? v1::Member::UNSPECIFIED : membership->role;
  if (send) {
    const domain::User* sender = view.FindUser(user);
    if (sender == nullptr) return Error{Code::PERMISSION_DENIED, "no user " + std::string(user)};
    return domain::MaySend(found->record, sender->record, role);
  }
  if (domain::IsReader(role)) return {};
  return Error{Code::PERMISSION_DENIED, std::string(user) + " is not a member of " + std::string(room)};
}

void ExplainGate(const domain::Directory& view, const Question& question, Explanation& answer) {
  const Result<ChatTopic> topic = ParseChatTopic(question.topic);
  const std::string user(question.user);
  const SendTopic* send = topic ? std::get_if<SendTopic>(&*topic) : nullptr;
  const RoomTopic* room = topic ? std::get_if<RoomTopic>(&*topic) : nullptr;
  if (send == nullptr && room == nullptr) {
    answer.allowed = true;
    answer.reason = "every user may make requests; the reply says what comes of one";
    return;
  }
  const std::string name(send != nullptr ? send->room : room->room);
  const bool speaks = send != nullptr || room->aspect == RoomTopic::Aspect::kSignals;
  if (Status right = RightToSpeak(view, name, question.user, speaks); !right) {
    answer.reason = right.error().reason;
    answer.change = right.error().code == Code::NOT_FOUND || right.error().code == Code::INVALID_ARGUMENT
                        ? "name a room that exists"
                        : "make " + user + " a member of " + Quoted(name) +
                              " whose role may send (addMember, setMemberRole)";
    return;
  }
  answer.allowed = true;
  answer.reason = user + " may send in " + name + " (a retain flag is ignored there)";
}

void ExplainMembership(const domain::Directory& view, const Question& question, Explanation& answer) {
  const Result<std::string_view> plain = WithoutShare(question.topic);
  const std::string room = RoomOf(plain ? *plain : question.topic);
  const std::string user(question.user);
  const domain::Membership* membership = view.FindMembership(room, user);
  if (answer.allowed) {
    answer.reason = user + " is a member of " + Quoted(room);
    return;
  }
  if (!IsDirect(room) && view.FindRoom(room) == nullptr) {
    answer.reason = "no room " + Quoted(room);
    answer.change = "name a room that exists";
    return;
  }
  if (membership != nullptr && membership->role == v1::Member::BANNED) {
    answer.reason = user + " is banned from " + Quoted(room);
    answer.change = "give " + user + " another role there (setMemberRole)";
    return;
  }
  answer.reason = user + " is not a member of " + Quoted(room) + " (an admin is none by that)";
  answer.change = IsDirect(room) ? "only its two users, who exist, read a direct room"
                                 : "add " + user + " to " + Quoted(room) + " (addMember)";
}

void ExplainNoRule(const Question& question, Explanation& answer) {
  answer.allowed = false;
  answer.reason = "no rule speaks of it, and parley_other_topics is " +
                  std::string(question.defer_other_topics ? "defer: the broker's acl_file and other plugins "
                                                            "decide, deny is what Parley can say"
                                                          : "deny");
  answer.change = "give " + std::string(question.user) + " " + AskedRule(question);
}

// The words for everything that has no function of its own: {when allowed, when denied, what to change}.
struct Words {
  const char* allowed;
  const char* denied;
  const char* change;
};
Words WordsFor(Because because) {
  switch (because) {
    case Because::kUnknownUser:
      return {"", "there is no such user, or it is disabled", "create the user (createUser), or enable it"};
    case Because::kBridge:
      return {"the bridge's own topic", "the bridge has its own topics and no others",
              "nothing: the bridge is a service"};
    case Because::kInternal:
      return {"", "$parley topics are internal to the server", "nothing: use the topics of the protocol"};
    case Because::kMalformed:
      return {"", "there is no such topic, filter or shared subscription",
              "name a topic of the protocol, or a well-formed filter"};
    case Because::kForAdmins:
      return {"the user has the role admin", "only admins may use this topic",
              "give the user the role admin (addUserRole)"};
    case Because::kOtherControl:
      return {"", "clients publish to $CONTROL/parley/v1 and to no other $CONTROL topic",
              "publish to $CONTROL/parley/v1, as an admin"};
    case Because::kAdminSubscribes:
      return {"an admin may subscribe to anything; what arrives is decided topic by topic", "", ""};
    case Because::kTooWide:
      return {"", "the filter can match chat topics that are not the user's own",
              "subscribe to narrower filters, such as chat/v1/users/{user}/# or topics outside chat/v1"};
    case Because::kOwn:
      return {"it is the user's, or the client's, own topic", "", ""};
    case Because::kForeign:
      return {"", "it belongs to another user or client",
              "name the user's or the client's own topics; with a client id, give it as `client`"};
    case Because::kSharedRoom:
      return {"both are members of a room", "they are members of no common room",
              "add both to one room (addMember)"};
    case Because::kForNobody:
      return {"",
              "what clients send to the server is delivered to nobody, and a will may not be a message to it",
              "subscribe to the events of the room; a will may be a topic outside chat/v1 and $CONTROL"};
    case Because::kServerOnly:
      return {"", "only the server publishes there", "send to chat/v1/rooms/{room}/send instead"};
    default:
      return {"allowed", "denied", "nothing is known"};
  }
}

Decision Decide(const domain::Directory& view, const Question& question) {
  const Identity who{question.user, question.client, question.user == kBridgeUser};
  switch (question.kind) {
    case Kind::kPublish:
      return question.will ? MayPublishWill(view, who, question.topic)
                           : MayPublish(view, who, question.topic);
    case Kind::kSubscribe:
      return MaySubscribe(view, who, question.topic);
    case Kind::kReceive:
      break;
  }
  return MayReceive(view, who, question.topic);
}

}  // namespace

Explanation Explain(const domain::Directory& view, const Question& question) {
  const Decision decision = Decide(view, question);
  Explanation answer;
  answer.allowed = decision.access == Access::kAllow;
  answer.rule = decision.rule;
  switch (decision.because) {
    case Because::kRule:
      answer.reason = NameOf(decision.rule);
      if (!answer.allowed) {
        answer.change = "remove that rule, or give it a lower priority than " + AskedRule(question);
      }
      break;
    case Because::kNoRule:
      ExplainNoRule(question, answer);
      break;
    case Because::kMembership:
      ExplainMembership(view, question, answer);
      break;
    case Because::kGateDecides:
      answer.allowed = false;
      ExplainGate(view, question, answer);
      break;
    default: {
      const Words words = WordsFor(decision.because);
      answer.reason = answer.allowed ? words.allowed : words.denied;
      if (!answer.allowed) answer.change = words.change;
    }
  }
  return answer;
}

}  // namespace parley::plugin
