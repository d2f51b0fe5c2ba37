#pragma once

#include <span>
#include <string>

#include "apps/lib/profile/machine_peaks.h"
#include "autograd/profiler.h"

namespace lowbit {

/// Two tables of the same events, by op and by site, most expensive first: share of the whole, milliseconds a `round`
/// (an update, a call), calls a round, the rate of the matrix products in GOP/s, and the share of the time that these
/// products alone would take at the peaks of this machine. `rounds` says how many rounds the events cover; the second
/// table holds the `sites` first.
std::string profile_table(std::span<const ProfileEvent> events, int64_t rounds, const MachinePeaks& peaks,
                          size_t sites = 25);

/// The events for chrome://tracing and Perfetto (Trace Event Format, complete events): one line of time, nested under
/// nothing, with site and GOP/s as arguments.
std::string chrome_trace(std::span<const ProfileEvent> events);

}  // namespace lowbit
