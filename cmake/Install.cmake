# `cmake --install`: the public headers, the client library with everything it is made of, the program, and
# what `find_package(Wherry)` needs. Users link Wherry::wherry; the other targets are its parts.
include(CMakePackageConfigHelpers)

set(parts wherry_client wherry_replica wherry_engine wherry_bundle wherry_protocol wherry_net wherry_sqlite
  wherry_base wherry_sqlite3)
set(complete TRUE)
foreach(part ${parts})
  if(NOT TARGET ${part})
    set(complete FALSE)
  endif()
endforeach()

if(complete)
  foreach(part ${parts})
    string(REPLACE wherry_ "" name ${part})
    set_target_properties(${part} PROPERTIES EXPORT_NAME ${name})
  endforeach()
  set_target_properties(wherry_client PROPERTIES EXPORT_NAME wherry)
  target_compile_features(wherry_client INTERFACE cxx_std_23)

  set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Wherry)
  install(TARGETS ${parts} EXPORT WherryTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT WherryTargets NAMESPACE Wherry:: DESTINATION ${package_folder})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/wherry DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN *.h PATTERN *.def)
  configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/WherryConfig.cmake.in
    ${CMAKE_BINARY_DIR}/WherryConfig.cmake INSTALL_DESTINATION ${package_folder})
  # Before 1.0 every minor version may change the API.
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/WherryConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/WherryConfig.cmake ${CMAKE_BINARY_DIR}/WherryConfigVersion.cmake
    DESTINATION ${package_folder})
endif()

if(TARGET wherry)
  install(TARGETS wherry RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
