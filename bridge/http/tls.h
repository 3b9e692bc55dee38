#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "schemas/result.h"

namespace parley::bridge {

// The server's side of TLS 1.2 and newer, from a certificate (with its chain) and its private key, both PEM.
// INVALID_ARGUMENT in one line, when they cannot be read or do not belong together.
Result<std::unique_ptr<boost::asio::ssl::context>> MakeTlsContext(const std::string& certificate_path,
                                                                  const std::string& key_path);

}  // namespace parley::bridge
