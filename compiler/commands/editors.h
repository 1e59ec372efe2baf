/* editors: what editors need to show .nn files in colours. */
#ifndef NNC_COMMANDS_EDITORS_H
#define NNC_COMMANDS_EDITORS_H

#include "support/text.h"

void editors_vim(text *to);      /* a syntax file */
void editors_textmate(text *to); /* a grammar, as JSON */

#endif
