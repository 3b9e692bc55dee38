#pragma once

#include <string>
#include <vector>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "client/cli/shape.h"

namespace parley::client {

// For the *_options files only: the options that become fields of a command or request.

// Adds --NAME for each of `names`, which are in the table of this file.
void AddFieldOptions(const std::vector<std::string>& names, boost::program_options::options_description& own);

// Those of `names` that were given.
OptionValues GivenFieldOptions(const std::vector<std::string>& names,
                               const boost::program_options::variables_map& values);

}  // namespace parley::client
