/* temporary: what is there only while nnc works, and goes however the program ends, by INT, TERM,
 * HUP or QUIT as well: files, folders, and a child process. What a name's text is stays the
 * caller's, until it is forgotten. */
#ifndef NNC_TEMPORARY_H
#define NNC_TEMPORARY_H

#include <signal.h>
#include <sys/types.h>

/* Before anything else here. A broken pipe and a file that grew too large are errors of writing
 * from now on. */
void temporary_begin(void);

/* Between these two no signal ends the program: a file and what is known of it change together. */
sigset_t temporary_hold(void);
void temporary_let(const sigset_t *before);

/* A file: NULL and its name, between the two above, when it is about to be; its name and NULL, when
 * it is gone or is to stay. */
void temporary_file(const char *old, const char *new);
/* A folder, the same; what is in another one after that. They are removed behind the files, as far
 * as they are empty. */
void temporary_folder(const char *old, const char *new);
/* A child that leads a process group of its own; 0: none any more. */
void temporary_child(pid_t child);

#endif
