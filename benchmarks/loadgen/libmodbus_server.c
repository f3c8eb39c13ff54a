/* A libmodbus server for comparison: all connections in one select loop, as the library's own example does it.
 * Prints its port on the first line; build with -lmodbus. */
#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *mapping = modbus_mapping_new(0, 0, 200, 0);
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    /* modbus_tcp_listen refuses port 0 in some versions: listen ourselves. */
    int listener = socket(AF_INET, SOCK_STREAM, 0), top;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 64)) { perror("listen"); return 1; }
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    fd_set all, ready;
    FD_ZERO(&all);
    FD_SET(listener, &all);
    top = listener;
    for (;;) {
        ready = all;
        if (select(top + 1, &ready, NULL, NULL, NULL) < 0) return 1;
        for (int fd = 0; fd <= top; fd++) {
            if (!FD_ISSET(fd, &ready)) continue;
            if (fd == listener) {
                modbus_set_socket(context, listener);
                int peer = modbus_tcp_accept(context, &listener);
                if (peer < 0) continue;
                FD_SET(peer, &all);
                if (peer > top) top = peer;
                continue;
            }
            modbus_set_socket(context, fd);
            int length = modbus_receive(context, query);
            if (length > 0) modbus_reply(context, query, length, mapping);
            else if (length < 0) { close(fd); FD_CLR(fd, &all); }
        }
    }
}
