// A NestJS gateway whose messages come from authenticated sockets alone.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { OnGatewayInit } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import { authorize } from 'socketio-authorize';
import type { AuthorizedSocket } from 'socketio-authorize';

interface Claims {
  sub: string;
  name: string;
}

const secret = process.env.JWT_SECRET ?? 'change me: 32 random bytes or more';

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

@Module({ providers: [ChatGateway] })
class AppModule {}

export async function start(port = 3000) {
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(port, '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await start();
