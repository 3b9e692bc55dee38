#include "tests/benchmark/load_options.h"

#include <cstdlib>
#include <iostream>

#include <boost/program_options.hpp>

#include "tests/benchmark/connection.h"

namespace parley::benchmark {
namespace po = boost::program_options;

LoadOptions ParseLoadOptions(int argc, char** argv) {
  LoadOptions options;
  FlowOptions& flow = options.flow;
  po::options_description described(
      "parley_load: a load on one broker, by raw sockets; prints one line of JSON");
  auto add = described.add_options();
  add("help", "this text");
  add("port", po::value(&flow.port)->required(), "of the broker, on loopback");
  add("pid", po::value(&options.broker_pid)->default_value(0), "of the broker, for its CPU time");
  add("publishers", po::value(&flow.publishers)->default_value(flow.publishers), "");
  add("subscribers", po::value(&flow.subscribers)->default_value(flow.subscribers), "");
  add("rooms", po::value(&flow.rooms)->default_value(flow.rooms), "");
  add("send", po::value(&flow.send_topic)->required(), "topic to publish to; {room}");
  add("receive", po::value(&flow.receive_topic)->required(), "topic to subscribe to; {room}, {client}");
  add("acks", po::value(&flow.ack_topic)->default_value(""), "topic that publishers subscribe to; {client}");
  add("payload", po::value(&flow.payload)->default_value("{text}"), "{text}, {id}");
  add("text-bytes", po::value(&flow.text_bytes)->default_value(flow.text_bytes), "");
  add("accounts", po::bool_switch(&flow.accounts), "log in as p0…, s0…, with passwords of the same name");
  add("qos", po::value(&flow.qos)->default_value(flow.qos), "");
  add("warmup", po::value(&flow.warmup_s)->default_value(flow.warmup_s), "seconds");
  add("seconds", po::value(&flow.seconds)->default_value(flow.seconds), "");
  add("rate", po::value(&flow.rate)->default_value(flow.rate),
      "messages a second; 0 = as many as the windows allow");
  add("window", po::value(&flow.window)->default_value(flow.window),
      "PUBLISH without PUBACK of one publisher");
  add("undelivered", po::value(&flow.undelivered_max)->default_value(flow.undelivered_max),
      "messages under way in one room");
  try {
    po::variables_map values;
    po::store(po::parse_command_line(argc, argv, described), values);
    if (values.contains("help")) {
      std::cout << described;
      std::exit(0);
    }
    po::notify(values);
  } catch (const po::error& wrong) {
    Die(wrong.what());
  }
  return options;
}

}  // namespace parley::benchmark
