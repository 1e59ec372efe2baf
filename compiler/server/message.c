/* message: see message.h. */
#include "server/message.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "support/ice.h"
#include "support/memory.h"

enum { LONGEST_HEADER = 4096, LONGEST_MESSAGE = 256 << 20, PART = 1 << 16 };

/* What was read and not yet taken. */
static struct {
    char *bytes;
    size_t size, capacity;
} input;

/* Reads some more; 0 at the end, below 0 with errno. */
static ssize_t read_more(void) {
    if (input.capacity - input.size < PART) {
        size_t grown = 2 * input.capacity + PART;
        input.bytes = memory_grown(input.bytes, grown, 1);
        input.capacity = grown;
    }
    ssize_t got;
    do got = read(STDIN_FILENO, input.bytes + input.size, PART);
    while (got < 0 && errno == EINTR);
    if (got > 0) input.size += (size_t)got;
    return got;
}

static void take(size_t count) {
    input.size -= count;
    memmove(input.bytes, input.bytes + count, input.size);
}

/* Where the header ends, behind its empty line; 0 where it has not come yet. */
static size_t header_end(void) {
    for (size_t i = 0; i + 4 <= input.size; i++)
        if (memcmp(input.bytes + i, "\r\n\r\n", 4) == 0) return i + 4;
    return 0;
}

/* The Content-Length of a header; false when there is none that makes sense. */
static bool content_length(size_t header, size_t *length) {
    static const char name[] = "content-length:";
    for (size_t i = 0; i + sizeof name < header; i++) {
        if ((i && input.bytes[i - 1] != '\n') ||
            strncasecmp(input.bytes + i, name, sizeof name - 1) != 0)
            continue;
        char *end;
        unsigned long long value = strtoull(input.bytes + i + sizeof name - 1, &end, 10);
        *length = (size_t)value;
        return *end == '\r' && value <= LONGEST_MESSAGE;
    }
    return false;
}

message_result message_read(json_t **message, const char **why) {
    size_t header, length = 0;
    ssize_t got = 1;
    *message = NULL;
    while (!(header = header_end()) && input.size <= LONGEST_HEADER && (got = read_more()) > 0) {
    }
    bool ends = !header && got == 0 && input.size == 0;
    if (ends) return MESSAGE_END;
    if (header && !content_length(header, &length)) header = 0;
    if (!header) {
        *why = got < 0 ? strerror(errno)
                       : "what came is no message: a header with Content-Length is missing";
        return MESSAGE_BROKEN;
    }
    while (input.size < header + length && (got = read_more()) > 0) {
    }
    if (input.size < header + length) {
        *why = got < 0 ? strerror(errno) : "a message ends before its end";
        return MESSAGE_BROKEN;
    }
    json_error_t error;
    *message = json_loadb(input.bytes + header, length, 0, &error);
    take(header + length);
    return *message ? MESSAGE_READ : MESSAGE_NO_JSON;
}

bool message_waits(void) {
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return input.size > 0 || (poll(&p, 1, 0) > 0 && (p.revents & POLLIN));
}

bool message_write(json_t *message) {
    char *shown = json_dumps(message, JSON_COMPACT);
    if (!shown) ice("no memory for a message");
    bool good =
        printf("Content-Length: %zu\r\n\r\n%s", strlen(shown), shown) > 0 && fflush(stdout) == 0;
    free(shown);
    json_decref(message);
    return good;
}

void message_end(void) {
    free(input.bytes);
    input.bytes = NULL;
    input.size = input.capacity = 0;
}
