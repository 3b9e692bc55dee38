#pragma once

#include <cstddef>

// The bounds of the transport. What happens at a bound stands beside it.
namespace parley::client::limits {

// Messages and tasks that wait for the listener; above: the connection is closed and opened anew, and the
// session resumes from what it has seen (a posted task is refused: RESOURCE_EXHAUSTED).
inline constexpr size_t kQueuedItemsMax = 100'000;
inline constexpr size_t kQueuedBytesMax = size_t{64} * 1024 * 1024;
// Publishes that the broker has not answered yet; above: RESOURCE_EXHAUSTED.
inline constexpr size_t kPublishesPendingMax = 20'000;

}  // namespace parley::client::limits
