#pragma once

#include <string>
#include <vector>

#include "bridge/push/facts.h"
#include "bridge/push/outbox.h"
#include "parley/v1/push.pb.h"
#include "schemas/result.h"

namespace parley::bridge {

// Where a device's notifications go, shortened: no token, no secret part of an address.
std::string ShownAddressOf(const PushDeviceRecord& device);

// A user's devices as the user sees them, with how it went lately. As of LocalStore.
Result<std::vector<v1::PushDevice>> DescribeDevices(const domain::PushRecord& record,
                                                    const PushOutbox& outbox);

}  // namespace parley::bridge
