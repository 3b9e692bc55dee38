// Before the first input: protobuf complains on stderr of every text that is no UTF-8; a fuzzer makes
// millions.

#include <google/protobuf/stubs/logging.h>

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}
