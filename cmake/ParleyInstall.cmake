# What is installed, and where: programs, the plugin, units, configuration, manuals, completion, documents.
# Debian's package of it: cpack -G DEB in the folder of the release build.

include(GNUInstallDirs)

# The plugin is loaded by its path, which the configuration names.
set(PARLEY_PLUGIN_DIR ${CMAKE_INSTALL_LIBDIR}/parley)
set(PARLEY_INSTALLED_PLUGIN ${CMAKE_INSTALL_FULL_LIBDIR}/parley/parley_plugin.so)
set(PARLEY_UNIT_DIR lib/systemd/system)  # as systemd of Debian 12 has it, below the prefix or below /
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(PARLEY_UNIT_DIR /lib/systemd/system)
endif()
set(PARLEY_MADE ${PROJECT_BINARY_DIR}/packaging)

foreach(file systemd/parley-bridge.service mosquitto/parley.conf man/parley-bridge.8)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/${file}.in ${PARLEY_MADE}/${file} @ONLY)
endforeach()

# The client writes its own manual and completion, from its options.
set(written)
foreach(line "parley.1;manual" "parley.bash;completion bash" "_parley;completion zsh" "parley.fish;completion fish")
  list(GET line 0 file)
  list(GET line 1 words)
  separate_arguments(words)
  add_custom_command(OUTPUT ${PARLEY_MADE}/${file}
    COMMAND parley ${words} > ${PARLEY_MADE}/${file}
    DEPENDS parley VERBATIM)
  list(APPEND written ${PARLEY_MADE}/${file})
endforeach()
add_custom_target(parley_written ALL DEPENDS ${written})

install(TARGETS parley RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS parley-bridge RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS parley_plugin LIBRARY DESTINATION ${PARLEY_PLUGIN_DIR})
install(FILES ${PARLEY_MADE}/systemd/parley-bridge.service packaging/systemd/parley-bridge.path DESTINATION ${PARLEY_UNIT_DIR})
install(FILES packaging/systemd/parley-bridge.default DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/default RENAME parley-bridge)
install(FILES ${PARLEY_MADE}/mosquitto/parley.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/parley/mosquitto)
install(FILES packaging/prometheus/parley.rules.yml DESTINATION ${CMAKE_INSTALL_DATADIR}/parley/prometheus)
install(FILES packaging/grafana/parley.json DESTINATION ${CMAKE_INSTALL_DATADIR}/parley/grafana)
install(FILES ${PARLEY_MADE}/parley.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PARLEY_MADE}/man/parley-bridge.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${PARLEY_MADE}/parley.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME parley)
install(FILES ${PARLEY_MADE}/_parley DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${PARLEY_MADE}/parley.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md CHANGELOG.md mosquitto.conf docs/feed.md docs/metrics.md docs/invariants.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/formats DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The package belongs below /usr: the release preset's prefix.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  return()
endif()
set(CPACK_PACKAGE_NAME parley)
set(CPACK_PACKAGE_VENDOR "The Parley authors")
set(CPACK_PACKAGE_CONTACT "The Parley authors <parley@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "chat platform on a stock Mosquitto broker")
set(CPACK_PACKAGE_DESCRIPTION "A plugin that turns Mosquitto into a chat server with rooms, history and sync for every
 MQTT client, a bridge service that answers queries, and a command-line client.")
set(CPACK_GENERATOR DEB)
# Some files lie outside the prefix (/etc, /lib).
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "mosquitto (>= 2.0.11)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, mosquitto-clients")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/${file})
endforeach()
include(CPack)
