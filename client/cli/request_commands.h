#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/request_options.h"
#include "client/cli/shape.h"
#include "client/session/request_table.h"
#include "schemas/result.h"

namespace parley::client {

// The requests behind `parley rooms`, `parley members` and `parley users`, and what those behind `parley
// push` share with them. Pure.

// A command of the program whose subcommands are requests.
struct RequestGroup {
  std::string_view name;            // "rooms"
  std::string_view usage;           // what stands above the subcommands in its help
  std::vector<std::string> fields;  // the options that become fields
  std::vector<Shape> shapes;
};
const RequestGroup& RoomRequests();
const RequestGroup& MemberRequests();
const RequestGroup& UserRequests();

// One request, ready to be asked.
struct RequestCall {
  std::string method;
  std::string request;  // JSON
  Repeat repeat = Repeat::kNo;
};
// INVALID_ARGUMENT, in words of the command line.
Result<RequestCall> CallOf(const RequestGroup& group, const RequestOptions& options);

// The same for the page that follows a reply; `page` is that reply's.
RequestCall NextPage(RequestCall call, const std::string& page);

// A reply, taken apart.
struct ReplyLines {
  std::vector<std::string> lines;  // what to print: for a person, or JSON objects
  std::string page;                // not empty: more follows
};
// `call`: its request. Never fails: what is not understood is shown as it came.
ReplyLines ReadReply(const RequestCall& call, const std::string& reply, bool json);

}  // namespace parley::client
