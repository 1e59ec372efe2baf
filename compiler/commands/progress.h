/* progress: a line on standard error that says what nnc is at, when that takes more than a second
 * and standard error is a terminal; it is gone before anything else is shown. */
#ifndef NNC_COMMANDS_PROGRESS_H
#define NNC_COMMANDS_PROGRESS_H

#include <stddef.h>

/* "reading weights"; the text stays the caller's. The time counts from the first one on. */
void progress_say(const char *what);
/* "…: 400 of 1000", of what was said last. */
void progress_count(size_t done, size_t all);
void progress_end(void);

#endif
