#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/help.h"
#include "schemas/result.h"

namespace parley::client {

// How the words of a subcommand become the fields of an admin command or of a request. A new command of the
// protocol is one more line in a table of these.
struct Shape {
  std::string_view name;       // "add-member"; of a family: "webhooks create"
  std::string_view arguments;  // "ROOM USER [ROLE]", as the help shows them
  std::string_view summary;
  std::string_view command;              // "addMember", or a request's method
  std::vector<std::string_view> fields;  // of the arguments, in order
  size_t required = 0;                   // arguments that must be there
  // Options that it takes, each with the value it has when it is not given ("kind=group"; without '=': none).
  std::vector<std::string_view> options;
};

// The options of a command line as they were given; a switch has no values.
using OptionValues = std::map<std::string, std::vector<std::string>, std::less<>>;

// How the protocol spells enumerations: lower case in $CONTROL, upper case in requests.
enum class EnumCase { kLower, kUpper };

// The shape of that name, or null.
const Shape* FindShape(std::span<const Shape> shapes, std::string_view name);

// The member of a family that `name` and the first argument name, which is taken out; or null.
const Shape* FindFamilyShape(std::span<const Shape> shapes, std::string_view name,
                             std::vector<std::string>& arguments);
// "webhooks list|show|create"; "" when there is no such family.
std::string FamilyUsage(std::span<const Shape> shapes, std::string_view name);

// The JSON object of the fields. INVALID_ARGUMENT: too few or too many arguments (then it shows the usage),
// an option that the subcommand does not take, a number that is none. Pure.
Result<std::string> FillShape(const Shape& shape, const std::vector<std::string>& arguments,
                              const OptionValues& values, EnumCase enums);

// One help line for each shape.
std::vector<SubcommandHelp> DescribeShapes(std::span<const Shape> shapes);

// "no such subcommand: …", for the command `name`.
Error NoSuchSubcommand(std::string_view name, const std::string& subcommand);

}  // namespace parley::client
