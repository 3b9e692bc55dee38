#pragma once

#include <string>
#include <vector>

#include "tests/benchmark/flow.h"

namespace parley::benchmark {

struct LoadOptions {
  FlowOptions flow;
  int broker_pid = 0;
};

// Ends the program with a line for a command line that is wrong, and after --help.
LoadOptions ParseLoadOptions(int argc, char** argv);

}  // namespace parley::benchmark
