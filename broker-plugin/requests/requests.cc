#include "broker-plugin/requests/requests.h"

#include <map>

namespace parley::plugin {
namespace {

// All methods, by name.
const std::map<std::string_view, RequestMethod>& Methods() {
  static const auto methods = [] {
    std::map<std::string_view, RequestMethod> table;
    for (const auto& family : {RoomMethods(), MemberMethods(), UserMethods(), PushMethods()}) {
      for (const RequestMethod& method : family) table.emplace(method.name, method);
    }
    return table;
  }();
  return methods;
}

}  // namespace

bool Requests::Has(std::string_view method) const {
  return Methods().contains(method);
}

void Requests::OnRequest(std::string_view method, const IncomingRequest& request) {
  RequestCall call(parts_, request);
  Methods().at(method).run(call, request.payload);
}

}  // namespace parley::plugin
