/** A mail server that keeps what it is given: as much of SMTP (RFC 5321) as one program on this machine needs. It brings nothing to anybody. */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Mail {
  /** Whom it was for, by the envelope. */
  to: string;
  subject: string;
  /** What is read where no pictures and no pages are shown. */
  text: string;
}

export interface MailServer {
  port: number;
  /** All that came, oldest first. */
  kept: readonly Mail[];
  close: () => void;
}

/** The plain part of a message of several, which are each in Base64. */
function mailOf(to: string, message: string): Mail {
  const subject = /^Subject: (.*)$/im.exec(message)?.[1]?.trim() ?? '';
  const part = message.split(/^--/m).find((one) => /^Content-Type: text\/plain/im.test(one)) ?? '';
  return { to, subject, text: Buffer.from(part.split('\r\n\r\n')[1] ?? '', 'base64').toString() };
}

/** One connection: commands line by line, and after `DATA` a message up to a line with nothing but a full stop. */
function serve(socket: Socket, keep: (mail: Mail) => void): void {
  let heard = '';
  let to = '';
  let isMessage = false;
  const say = (line: string) => socket.write(`${line}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
    for (;;) {
      const mark = isMessage ? '\r\n.\r\n' : '\r\n';
      const end = heard.indexOf(mark);
      if (end < 0) return;
      const said = heard.slice(0, end);
      heard = heard.slice(end + mark.length);
      const verb = isMessage ? '' : said.slice(0, 4).toUpperCase();
      if (isMessage) {
        isMessage = false;
        keep(mailOf(to, said));
        say('250 kept');
      } else if (verb === 'DATA') {
        isMessage = true;
        say('354 go on');
      } else if (verb === 'QUIT') {
        say('221 bye');
        socket.end();
      } else {
        if (verb === 'RCPT') to = /<([^>]*)>/.exec(said)?.[1] ?? '';
        say('250 ok');
      }
    }
  });
  say('220 mail.example');
}

/** Starts it on a free port. */
export function startMailServer(): Promise<MailServer> {
  const kept: Mail[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, (mail) => kept.push(mail));
  });
  const close = () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      done({ port: typeof address === 'object' && address !== null ? address.port : 0, kept, close });
    });
  });
}
