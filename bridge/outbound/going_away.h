#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace parley::bridge {

// Connections whose server has said that it goes away (HTTP/2's GOAWAY), each with the last stream that it
// has looked at: what came on a later one may be sent again. A connection is named by its addresses and
// ports. At most limits::kGoingAwayMax; above: the oldest is forgotten. One thread.
class GoingAway {
 public:
  void Add(std::string connection, long last_stream);
  // A new connection may have the name of an old one.
  void Forget(std::string_view connection);
  bool Refuses(std::string_view connection, long stream) const;

 private:
  struct Connection {
    std::string name;
    long last_stream;
  };
  std::deque<Connection> connections_;
};

}  // namespace parley::bridge
