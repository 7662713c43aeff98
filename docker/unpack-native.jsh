// Makes DJL unpack its native libraries into DJL_CACHE_DIR. Run by jshell while an image is built.
System.out.println(ai.djl.engine.Engine.getEngine("PyTorch"));
ai.djl.huggingface.tokenizers.jni.LibUtils.checkStatus();
/exit
