/* budget: --max-ram, --max-flash and --max-macs, held before anything is written. */
#ifndef NNC_COMMANDS_BUDGET_H
#define NNC_COMMANDS_BUDGET_H

#include "commands/summarize.h"

bool budget_is_asked(const options *o);
/* Errors at what costs most, with the table of the layers; after summarize_bytes. True when all is
 * within. */
bool budget_hold(const pipeline *p, const summary *all);

#endif
