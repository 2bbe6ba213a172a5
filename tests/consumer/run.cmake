# Installs Wherry into a fresh folder, then configures, builds and runs the consumer project against it alone.
# Needs BUILD, SOURCE, WORK, C_COMPILER, CXX_COMPILER, GENERATOR.
function(step)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    string(REPLACE ";" " " command "${ARGV}")
    message(FATAL_ERROR "${command}\nended with ${code}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
# The example in the README must compile and link as it stands.
get_filename_component(source_root ${SOURCE}/../.. ABSOLUTE)
file(READ ${source_root}/README.md readme)
if(NOT readme MATCHES "```cpp\n([^`]*)```")
  message(FATAL_ERROR "README.md shows no C++")
endif()
file(WRITE ${WORK}/readme.cc "${CMAKE_MATCH_1}")

step(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
step(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DREADME_EXAMPLE=${WORK}/readme.cc -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER})
step(${CMAKE_COMMAND} --build ${WORK}/build)
step(${WORK}/build/consumer ${WORK}/replica.db)
step(${WORK}/prefix/bin/wherry --version)

# Nothing installed may lead back into the source or build folder.
file(GLOB_RECURSE texts ${WORK}/prefix/*.cmake ${WORK}/prefix/*.h)
foreach(text ${texts})
  file(READ ${text} content)
  foreach(path ${source_root}/src ${source_root}/include ${source_root}/third_party ${BUILD}/lib)
    string(FIND "${content}" "${path}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${text} names ${path}")
    endif()
  endforeach()
endforeach()
