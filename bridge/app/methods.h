#pragma once

#include "bridge/service/registry.h"

namespace parley::bridge {

// Every method that this bridge answers: a folder each, and one line here.
Registry BridgeMethods();

}  // namespace parley::bridge
