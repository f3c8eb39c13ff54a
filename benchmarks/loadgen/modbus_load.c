/* Modbus TCP load: the same requests for every server, so that only servers differ.
 *
 * usage: modbus_load HOST PORT UNIT QUANTITY CONNECTIONS DEPTH SECONDS
 * Keeps DEPTH requests (function 3, QUANTITY registers from 0) under way on each connection and prints one JSON line:
 * answers per second, median and 99th percentile of the round trip in microseconds, wrong answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, MAX_DEPTH = 64, KEPT = 1 << 20 };

struct peer {
    int fd;
    size_t have;
    uint16_t next, oldest;
    int64_t sent_ns[MAX_DEPTH];
    unsigned char in[65536];
};

static struct peer peers[MAX_CONNECTIONS];
static uint32_t round_trips[KEPT];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void ask(struct peer *p, int unit, int quantity, int count, int depth) {
    unsigned char out[12 * MAX_DEPTH];
    int64_t t = now_ns();
    for (int i = 0; i < count; i++) {
        unsigned char *r = out + 12 * i;
        unsigned char request[12] = {p->next >> 8, p->next & 255, 0, 0, 0, 6, unit, 3, 0, 0, quantity >> 8, quantity & 255};
        memcpy(r, request, 12);
        p->sent_ns[p->next % depth] = t;
        p->next++;
    }
    if (write(p->fd, out, 12 * count) != 12 * count) { perror("write"); exit(1); }
}

int main(int argc, char **argv) {
    if (argc != 8) { fprintf(stderr, "usage: HOST PORT UNIT QUANTITY CONNECTIONS DEPTH SECONDS\n"); return 2; }
    int port = atoi(argv[2]), unit = atoi(argv[3]), quantity = atoi(argv[4]);
    int connections = atoi(argv[5]), depth = atoi(argv[6]);
    double seconds = atof(argv[7]);
    if (connections > MAX_CONNECTIONS || depth > MAX_DEPTH) { fprintf(stderr, "at most 256 connections, depth 64\n"); return 2; }
    size_t size = 9 + 2 * quantity;
    int ep = epoll_create1(0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    for (int i = 0; i < connections; i++) {
        int one = 1;
        peers[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(peers[i].fd, (struct sockaddr *)&to, sizeof to)) { perror("connect"); return 1; }
        setsockopt(peers[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = &peers[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, peers[i].fd, &e);
    }
    int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9), t = start;
    uint64_t answers = 0, wrong = 0;
    for (int i = 0; i < connections; i++) ask(&peers[i], unit, quantity, depth, depth);
    while (t < end) {
        struct epoll_event events[64];
        int n = epoll_wait(ep, events, 64, 1000);
        t = now_ns();
        if (n <= 0) { fprintf(stderr, "no answer for one second\n"); return 1; }
        for (int k = 0; k < n; k++) {
            struct peer *p = events[k].data.ptr;
            ssize_t got = read(p->fd, p->in + p->have, sizeof p->in - p->have);
            if (got <= 0) { fprintf(stderr, "connection lost\n"); return 1; }
            p->have += got;
            int done = 0;
            while (p->have - done * size >= size && p->have >= (done + 1) * size) {
                unsigned char *a = p->in + done * size;
                if ((a[0] << 8 | a[1]) != p->oldest || a[7] != 3 || a[8] != 2 * quantity) wrong++;
                round_trips[answers++ % KEPT] = (t - p->sent_ns[p->oldest % depth]) / 10;
                p->oldest++;
                done++;
            }
            if (done) {
                p->have -= done * size;
                memmove(p->in, p->in + done * size, p->have);
                ask(p, unit, quantity, done, depth);
            }
        }
    }
    size_t kept = answers < KEPT ? answers : KEPT;
    qsort(round_trips, kept, sizeof *round_trips, ascending);
    printf("{\"requests_per_s\": %.1f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"answers\": %llu, \"wrong\": %llu}\n",
           answers / ((t - start) / 1e9), round_trips[kept / 2] / 100.0, round_trips[kept * 99 / 100] / 100.0,
           (unsigned long long)answers, (unsigned long long)wrong);
    return wrong != 0;
}
