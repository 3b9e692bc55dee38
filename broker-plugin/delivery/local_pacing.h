#pragma once

#include <cstddef>

namespace parley::plugin {

// Spares connections that never leave the machine what a congestion control does for a network. One that
// paces (BBR) has the kernel arm a timer for the segments of each of them, and what OutputCoalescer saves is
// lost again. The listeners of this process that are bound to a loopback address hand NewReno, which does not
// pace, to what they accept from now on; all others are left as the system has them. (A connection cannot be
// changed later: Linux goes on pacing it.)
//
// Returns how many listeners were changed: none where the system does not pace. Any thread.
size_t UnpaceLoopbackListeners();

}  // namespace parley::plugin
