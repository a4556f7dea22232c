// A NestJS gateway whose messages come from authenticated sockets alone.
import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { BadRequestException, Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { OnGatewayInit } from '@nestjs/websockets';
import jwt from 'jsonwebtoken';
import type { Server } from 'socket.io';
import { authorize } from 'socketio-authorize';
import type { AuthorizedSocket } from 'socketio-authorize';

interface Claims {
  sub: string;
  name: string;
}

const secret = process.env.JWT_SECRET || randomBytes(32).toString('hex');

@Controller()
class LoginController {
  @Post('login')
  @HttpCode(200)
  login(@Body() body: { name?: unknown } | undefined): { token: string } {
    // Yours: check a password here.
    const name = body?.name;
    if (typeof name !== 'string' || name.trim() === '')
      throw new BadRequestException('Send a JSON object with a name, such as {"name":"Ada"}.', {
        description: 'bad_name',
      });
    return { token: jwt.sign({ sub: name, name }, secret, { expiresIn: '5m' }) };
  }
}

@WebSocketGateway()
class ChatGateway implements OnGatewayInit<Server> {
  @WebSocketServer() readonly server!: Server;

  readonly auth = authorize<Claims>({ secret });

  afterInit(server: Server): void {
    this.auth.attach(server);
  }

  @SubscribeMessage('say')
  say(@ConnectedSocket() socket: AuthorizedSocket<Claims>, @MessageBody() text: string): void {
    this.server.emit('said', socket.decoded_token.name, text);
  }
}

@Module({ controllers: [LoginController], providers: [ChatGateway] })
class AppModule {}

export async function start(port: number, host = '127.0.0.1') {
  const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
  await app.listen(port, host);
  return app;
}

async function run({ PORT = '3000', HOST = '127.0.0.1', JWT_SECRET }: NodeJS.ProcessEnv): Promise<void> {
  const app = await start(Number(PORT), HOST);
  const url = await app.getUrl();
  if (!JWT_SECRET) console.log('JWT_SECRET is not set: this run uses a random secret.');
  console.log(`The example nestjs listens at ${url}. Ctrl+C ends it.

1. Get a token, log in with it, and say hello:

    curl -sS ${url}/login -H 'content-type: application/json' -d '{"name":"Ada"}' | node examples/client.js ${url} say hello

   You see:
    authenticated: 5 minutes left
    said: Ada hello

Copy the line into another terminal, in the repository's folder.`);
}

if (process.argv[1] === import.meta.filename) {
  run(process.env).catch((error: unknown) => {
    console.error(`The example nestjs did not start. ${String(error)}`);
    process.exitCode = 1;
  });
}
