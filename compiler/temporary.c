/* temporary: see temporary.h. What a handler of signals calls is what it may call: kill, waitpid,
 * unlink, rmdir, raise. */
#include "temporary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/ice.h"
#include "support/memory.h"

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

typedef struct {
    const char *volatile *paths; /* NULL: free. Grows only while signals are held */
    size_t room;
} path_list;

static path_list files, folders;
static volatile pid_t child;

static void remove_all(void) {
    if (child) {
        kill(-child, SIGTERM); /* compilers remove their own temporary files then */
        waitpid(child, NULL, 0);
    }
    for (size_t i = 0; i < files.room; i++)
        if (files.paths[i]) unlink(files.paths[i]);
    for (size_t i = folders.room; i-- > 0;)
        if (folders.paths[i]) rmdir(folders.paths[i]);
}

static void end(int number) {
    remove_all();
    raise(number); /* by its default action: SA_RESETHAND */
}

/* What the caller ignores (nohup) stays ignored. */
void temporary_begin(void) {
    static bool caught;
    if (caught) return;
    caught = true;
    atexit(remove_all);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    struct sigaction old, new = {.sa_handler = end, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&new.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) sigaddset(&new.sa_mask, ends[i]);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ends[i], &new, NULL);
}

sigset_t temporary_hold(void) {
    sigset_t held, before;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) sigaddset(&held, ends[i]);
    sigprocmask(SIG_BLOCK, &held, &before);
    return before;
}

void temporary_let(const sigset_t *before) { sigprocmask(SIG_SETMASK, before, NULL); }

static void replace(path_list *l, const char *old, const char *new) {
    size_t i = 0;
    while (i < l->room && l->paths[i] != old) i++;
    if (i == l->room) {
        if (old) ice("%s is not temporary", old);
        l->paths = memory_grown((void *)l->paths, 2 * (i + 4), sizeof *l->paths);
        while (l->room < 2 * (i + 4)) l->paths[l->room++] = NULL;
    }
    l->paths[i] = new;
}

void temporary_file(const char *old, const char *new) { replace(&files, old, new); }
void temporary_folder(const char *old, const char *new) { replace(&folders, old, new); }

void temporary_child(pid_t process) { child = process; }
