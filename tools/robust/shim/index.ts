import { shimDatabase } from './database.ts';
import { shimMessages } from './messages.ts';
import { shimNetwork } from './network.ts';
import { shimPlatform } from './platform.ts';

shimPlatform();
shimDatabase();
shimNetwork();
shimMessages();
