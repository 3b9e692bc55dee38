# Builds with a bug planted in one source file, to see that the torture's judges find it (tests/torture/planted/). No
# production code knows of them: a script writes the mutated copy, and its object comes before the library that holds
# the sound one, whose member the linker then has no need of.

# parley_plant(target BUG file-without-.txt SOURCE path-from-root LINKS …): adds the mutated copy of SOURCE to `target`, with the
# includes and options of LINKS.
function(parley_plant target)
  cmake_parse_arguments(arg "" "BUG;SOURCE" "LINKS" ${ARGN})
  set(script ${PROJECT_SOURCE_DIR}/tests/torture/mutate.py)
  set(mutation ${PROJECT_SOURCE_DIR}/tests/torture/planted/${arg_BUG}.txt)
  set(source ${PROJECT_SOURCE_DIR}/${arg_SOURCE})
  set(mutated ${CMAKE_CURRENT_BINARY_DIR}/planted/${target}.cc)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/planted)
  add_custom_command(OUTPUT ${mutated}
    COMMAND ${PARLEY_PYTHON} ${script} ${source} ${mutation} ${mutated}
    DEPENDS ${script} ${mutation} ${source}
    COMMENT "Planting ${arg_BUG}")
  target_sources(${target} PRIVATE ${mutated})
  target_link_libraries(${target} PRIVATE ${arg_LINKS})
endfunction()

# parley_planted_plugin(BUG SOURCE path): a plugin with the bug, in {build}/tests/torture/planted_{bug}/parley_plugin.so.
function(parley_planted_plugin bug)
  cmake_parse_arguments(arg "" "SOURCE" "" ${ARGN})
  set(target planted_${bug})
  get_target_property(sources parley_plugin SOURCES)
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/broker-plugin/)
  add_library(${target} MODULE ${sources})
  parley_target(${target})
  parley_plant(${target} BUG ${bug} SOURCE ${arg_SOURCE} LINKS parley_plugin_parts RocksDB::rocksdb-shared)
  get_target_property(options parley_plugin LINK_OPTIONS)
  target_link_options(${target} PRIVATE ${options})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME parley_plugin
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${target})
endfunction()

# parley_planted_bridge(BUG SOURCE path): a bridge with the bug, in {build}/tests/torture/planted_{bug}/parley-bridge.
function(parley_planted_bridge bug)
  cmake_parse_arguments(arg "" "SOURCE" "" ${ARGN})
  set(target planted_${bug})
  parley_executable(${target} SOURCES ${PROJECT_SOURCE_DIR}/bridge/main.cc LINKS parley_bridge_app)
  parley_plant(${target} BUG ${bug} SOURCE ${arg_SOURCE} LINKS parley_bridge_app)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME parley-bridge
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${target})
endfunction()
