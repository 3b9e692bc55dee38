#pragma once

#include <cstddef>
#include <cstdint>

// The bounds of what the bridge sends to other servers. What happens at a bound stands beside it.
namespace parley::bridge::limits {

// What is kept of an answer's body; the rest is thrown away.
inline constexpr size_t kHttpAnswerBytesMax = size_t{16} * 1024;
// What is read of an answer's body; above: the stream is closed, the status stands.
inline constexpr size_t kHttpAnswerBytesRead = size_t{256} * 1024;
// Headers that are kept of an answer; above: left out.
inline constexpr size_t kHttpAnswerHeadersMax = 64;
// Requests that one client holds at once; above: kNotSent.
inline constexpr size_t kHttpRequestsMax = 4'096;
// Connections of one client to all hosts; above: requests wait for one, the oldest idle one is closed.
inline constexpr long kOutboundConnectionsMax = 256;
// Streams of one HTTP/2 connection, unless the server wants fewer; above: requests wait.
inline constexpr long kHttpStreamsMax = 256;
// Connections that are going away and are remembered; above: the oldest is forgotten, its requests count as
// unanswered.
inline constexpr size_t kGoingAwayMax = 64;
// Requests of one client after which the next ones get new connections. libcurl (7.88) ends each stream of
// HTTP/2 with an RST_STREAM that is not needed, and servers close a connection on which they come fast:
// nghttp2 after 1,000. More requests than this at once to a host cost more connections.
inline constexpr int kHttpRequestsPerConnection = 400;
// Connections that are replaced at the same time; above: an old one may be taken again.
inline constexpr int kConnectionAges = 16;
// Transfers that are kept for the next requests; above: freed.
inline constexpr size_t kHttpTransfersKept = 512;
// What is read of an answer's headers, all of them together; above: the stream is closed, no answer.
inline constexpr size_t kHttpAnswerHeaderBytesRead = size_t{64} * 1024;

}  // namespace parley::bridge::limits
