/* progress: see progress.h. A timer's signal writes the line, so that a long stage need not know of
 * it. */
#include "commands/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { LINE = 100, FIRST = 1000000, AGAIN = 250000 /* microseconds */ };

/* Two lines: one is written into while the other one may be shown. */
static char lines[2][LINE];
static volatile sig_atomic_t current, is_shown;
static bool runs;
static const char *said;

static void show(int number) {
    (void)number;
    int before = errno;
    const char *line = lines[current];
    is_shown = 1;
    if (write(STDERR_FILENO, line, strlen(line)) < 0) is_shown = 0;
    errno = before;
}

static void set_timer(long first, long again) {
    const struct itimerval t = {.it_value = {first / 1000000, first % 1000000},
                                .it_interval = {again / 1000000, again % 1000000}};
    setitimer(ITIMER_REAL, &t, NULL);
}

static bool is_wanted(void) {
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static void start(void) {
    struct sigaction how = {.sa_handler = show, .sa_flags = SA_RESTART};
    sigemptyset(&how.sa_mask);
    runs = true;
    sigaction(SIGALRM, &how, NULL);
    set_timer(FIRST, AGAIN);
}

/* At the line's beginning, and what stood there is cleared. */
static void put(const char *counted) {
    int next = 1 - current;
    snprintf(lines[next], LINE, "\r\033[Knnc: %s%s", said, counted);
    current = next;
}

void progress_say(const char *what) {
    if (!runs && !is_wanted()) return;
    said = what;
    put("");
    if (!runs) start();
}

void progress_count(size_t done, size_t all) {
    char counted[64];
    if (!runs) return;
    snprintf(counted, sizeof counted, ": %zu of %zu", done, all);
    put(counted);
}

void progress_end(void) {
    if (!runs) return;
    runs = false;
    set_timer(0, 0);
    signal(SIGALRM, SIG_DFL);
    if (is_shown && write(STDERR_FILENO, "\r\033[K", 4) < 0) return;
    is_shown = 0;
}
