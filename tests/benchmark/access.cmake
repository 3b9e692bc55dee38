# Access rules and the directory: prints figures, see the file. The smoke shows that it runs.
parley_executable(access_benchmark SOURCES ${CMAKE_CURRENT_LIST_DIR}/access_benchmark.cc LINKS parley_plugin_parts)
add_test(NAME benchmark.access_smoke
  COMMAND access_benchmark --users 2000 --rooms 100 --memberships 5000 --folder ${CMAKE_CURRENT_BINARY_DIR}/access-store)
set_tests_properties(benchmark.access_smoke PROPERTIES LABELS benchmark TIMEOUT 60)
