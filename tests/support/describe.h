#pragma once

#include <string>

#include "core/domain/state_machine.h"

// Text that is equal when two things are: for comparing machines, and to read when they differ.
namespace parley::testing {

std::string Describe(const domain::Change& change);
std::string Describe(const domain::Applied& applied);
// `with_sent`: also how much each member has sent (only the authoritative copy knows).
std::string Describe(const domain::Directory& directory, bool with_sent);

}  // namespace parley::testing
