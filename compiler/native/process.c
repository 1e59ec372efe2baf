/* process: see process.h. */
#include "native/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "support/ice.h"
#include "support/memory.h"
#include "temporary.h"

extern char **environ;

/* A group of its own, so that all it starts can be ended with it; signals as the shell would have
 * them. */
static int start(char *const *argv, const char *said, const sigset_t *mask, pid_t *child) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    if (posix_spawn_file_actions_init(&files) || posix_spawnattr_init(&how)) memory_out(0);
    int error = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, said,
                                                 O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!error) error = posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_setflags(
        &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setsigmask(&how, mask);
    posix_spawnattr_setsigdefault(&how, &defaults);
    if (!error) error = posix_spawnp(child, argv[0], &files, &how, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    return error;
}

const char *process_run(arena *a, char *const *argv, const char *said) {
    pid_t child = 0;
    int status = 0;
    temporary_begin();
    sigset_t before = temporary_hold();
    int error = start(argv, said, &before, &child);
    if (!error) temporary_child(child);
    temporary_let(&before);
    if (error) return arena_printf(a, "cannot be run: %s", strerror(error));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) ice("waitpid: %s", strerror(errno));
    temporary_child(0);
    if (WIFSIGNALED(status))
        return arena_printf(a, "was ended by a signal: %s", strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status)) return arena_printf(a, "ended with status %d", WEXITSTATUS(status));
    return NULL;
}

char **process_words(arena *a, const char *value, size_t *count) {
    char **words = NULL;
    size_t capacity = 0;
    *count = 0;
    while (value && *value) {
        size_t blanks = strspn(value, " \t\n"), length = strcspn(value + blanks, " \t\n");
        char *word = arena_strndup(a, value + blanks, length);
        if (length) ARENA_PUSH(a, words, *count, capacity, word);
        value += blanks + length;
    }
    return words;
}
