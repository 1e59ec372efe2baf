/* nnc: which command it is; nothing else exits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/compile.h"

/* No file that is opened may take the number of a stream that the caller closed. Writing to such a stream fails. */
static void open_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd) _exit(STATUS_INPUT);
}

/* What was printed without a look back, like help. */
static int finish(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (status == STATUS_DONE) fprintf(stderr, "standard output: error: %s\n", strerror(errno));
    return status == STATUS_DONE ? STATUS_INPUT : status;
}

int main(int argc, char **argv) {
    open_streams();
    signal(SIGPIPE, SIG_IGN); /* an error of writing, with a message */
    const command *c = argc > 1 ? command_find(argv[1]) : NULL;
    if (!c && argc > 1 && command_is_meant(argv[1])) return command_unknown(argv[1]);
    return finish(c ? command_run(c, argc - 1, argv + 1) : compile(argc, argv));
}
