/* completion: bash's completion of nnc's command line. */
#ifndef NNC_COMMANDS_COMPLETION_H
#define NNC_COMMANDS_COMPLETION_H

#include "support/text.h"

void completion_bash(text *to);

#endif
