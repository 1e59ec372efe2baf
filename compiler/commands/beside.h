/* beside: files of weights that stand beside the code, for people. */
#ifndef NNC_COMMANDS_BESIDE_H
#define NNC_COMMANDS_BESIDE_H

#include "support/diag.h"
#include "support/text.h"

/* Whether it begins like one. */
bool beside_is(const char *path);
/* What it holds, and how `other` differs, if that is not NULL. False, with errors, for what generated code would
 * refuse. */
bool beside_show(arena *a, const char *path, const char *other, diag_list *diags, text *to);

#endif
