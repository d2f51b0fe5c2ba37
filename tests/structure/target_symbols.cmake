# Fails when an object built for an instruction set shares code with the rest of the program: whatever symbol it exports
# besides its fill() functions, an inline function of a header for one, may be handed by the linker to callers that run
# on machines without those instructions.
#   cmake -DNM=nm -DNAMESPACE=cpu_avx2 -DOBJECTS=a.o;b.o -P target_symbols.cmake
set(offences "")
foreach(object ${OBJECTS})
  execute_process(COMMAND ${NM} --demangle --defined-only --extern-only ${object}
                  OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
  if(status)
    message(FATAL_ERROR "${NM} failed on ${object}")
  endif()
  string(REPLACE ";" "," symbols "${symbols}")
  string(REPLACE "\n" ";" symbols "${symbols}")
  set(fills 0)
  foreach(symbol ${symbols})
    if(symbol MATCHES " T lowbit::${NAMESPACE}::fill\\(lowbit::[A-Za-z0-9]+&\\)$")
      math(EXPR fills "${fills} + 1")
    elseif(NOT symbol MATCHES " V DW\\.ref\\.")  # the address of a run-time function, no code
      string(APPEND offences "\n  ${object}:\n    ${symbol}")
    endif()
  endforeach()
  if(fills EQUAL 0)
    string(APPEND offences "\n  ${object}: exports no lowbit::${NAMESPACE}::fill()")
  endif()
endforeach()
if(offences)
  message(FATAL_ERROR "kernel objects may export nothing but fill():${offences}")
endif()
