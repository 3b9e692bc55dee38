#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/service/method.h"

namespace parley::bridge {

// The methods that this bridge has, by name.
class Registry {
 public:
  template <typename Request, typename Reply>
  void Add(std::string name,
           Result<Reply> (*service)(const Request&, const store::StoreView&, const Caller&, Budget)) {
    methods_[std::move(name)] = std::make_unique<TypedMethod<Request, Reply>>(service);
  }

  void AddMethod(std::string name, std::unique_ptr<Method> method) {
    methods_[std::move(name)] = std::move(method);
  }

  // UNIMPLEMENTED for a method that is not here.
  Answer Run(std::string_view method, const Query& query, store::StoreReader& reader) const;

  // The method, if it is one that answers later; else null.
  const Method* FindLater(std::string_view method) const;

  // The reply of a method (known or not) that was not run.
  std::string Refuse(std::string_view method, const Query& query, const Error& error) const;

 private:
  std::map<std::string, std::unique_ptr<Method>, std::less<>> methods_;
};

}  // namespace parley::bridge
